// The chat page: shows the messages that come over the WebSocket, and sends what is typed. If the
// connection is lost it tries again. All text is set as textContent, so none of it is taken for HTML.
const form = document.getElementById("chat-form");
const list = document.getElementById("messages");
const state = document.getElementById("state");
const shown = new Set();
let socket;
let sent = "";  // our last message, in case it is refused

function show(message) {
    if (shown.has(message.id)) return;  // the history may repeat a live message
    shown.add(message.id);
    const article = document.createElement("article");
    article.className = "message";
    article.dataset.id = message.id;
    const header = document.createElement("header");
    const name = document.createElement("b");
    name.dir = "auto";  // Hebrew, say, runs from right to left
    name.textContent = message.name;
    const time = document.createElement("time");
    time.dateTime = message.created;
    time.textContent = message.created.replace("T", " ").replace("Z", " UTC");
    const text = document.createElement("p");
    text.dir = "auto";
    text.textContent = message.message;
    header.append(name, " ", time);
    article.append(header, text);
    // The newest is on top. Messages of several visitors may arrive in another order.
    const older = [...list.children].find((other) => Number(other.dataset.id) < message.id);
    list.insertBefore(article, older ?? null);
}

function connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(`${scheme}//${location.host}/ws/chat`);
    socket.onopen = () => { state.textContent = "Connected."; };
    socket.onclose = () => {
        state.textContent = "The connection was lost. Trying again …";
        setTimeout(connect, 2000);
    };
    socket.onmessage = (event) => {
        const message = JSON.parse(event.data);
        if (!message.error) return show(message);
        state.textContent = message.error;
        if (form.message.value === "") form.message.value = sent;
    };
}

form.addEventListener("submit", (event) => {
    event.preventDefault();  // only without JavaScript does the form post
    if (socket.readyState !== WebSocket.OPEN) return;  // the line below the button says why
    state.textContent = "Connected.";
    sent = form.message.value;
    socket.send(JSON.stringify({name: form.name.value, message: sent}));
    form.message.value = "";
    form.message.focus();
});

state.textContent = "Connecting …";
connect();
