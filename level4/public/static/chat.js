// The chat page: shows the messages that come over the WebSocket, and sends what is typed. If the
// connection is lost it tries again. All text is set as textContent, so none of it is taken for HTML.
// Leaves out: messages older than the newest 200. They are on /messages.
const form = document.getElementById("chat-form");
const list = document.getElementById("messages");
const state = document.getElementById("state");
const shown = new Set();
const mostShown = 200;
const shortestPause = 1000, longestPause = 30000;  // milliseconds until it connects again
let pause = shortestPause;
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
    // The newest is on top. The search begins there, and nearly always ends there, because only
    // messages of several visitors may arrive in another order.
    let older = list.firstElementChild;
    while (older && Number(older.dataset.id) > message.id) older = older.nextElementSibling;
    list.insertBefore(article, older);
    if (list.childElementCount > mostShown) {
        shown.delete(Number(list.lastElementChild.dataset.id));
        list.lastElementChild.remove();
    }
}

function connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(`${scheme}//${location.host}/ws/chat`);
    socket.onopen = () => {
        state.textContent = "Connected.";
        pause = shortestPause;
    };
    socket.onclose = () => {
        state.textContent = "The connection was lost. Trying again …";
        // Longer each time, and not the same for all pages, or they would all be back at once.
        setTimeout(connect, pause * (0.5 + Math.random()));
        pause = Math.min(2 * pause, longestPause);
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
