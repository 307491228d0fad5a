// The chat page: shows what comes over the WebSocket, sends what is typed. If the connection is lost
// it tries again. All text goes in as textContent, so that nothing in it is ever taken for HTML.
const form = document.getElementById("chat-form");
const list = document.getElementById("messages");
const state = document.getElementById("state");
const shown = new Set();
let socket;

function show(message) {
    if (shown.has(message.id)) return;  // the history may repeat what came live
    shown.add(message.id);
    const article = document.createElement("article");
    article.className = "message";
    const header = document.createElement("header");
    const name = document.createElement("b");
    name.textContent = message.name;
    const time = document.createElement("time");
    time.textContent = message.created;
    const text = document.createElement("p");
    text.textContent = message.message;
    header.append(name, " ", time);
    article.append(header, text);
    list.prepend(article);
}

function connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(`${scheme}//${location.host}/ws/chat`);
    socket.onopen = () => { state.textContent = "Connected."; };
    socket.onclose = () => {
        state.textContent = "The connection is lost. Trying again …";
        setTimeout(connect, 2000);
    };
    socket.onmessage = (event) => {
        const message = JSON.parse(event.data);
        if (message.error) state.textContent = message.error;
        else show(message);
    };
}

form.addEventListener("submit", (event) => {
    if (socket.readyState !== WebSocket.OPEN) return;  // then the form posts, as without JavaScript
    event.preventDefault();
    socket.send(JSON.stringify({name: form.name.value, message: form.message.value}));
    form.message.value = "";
    form.message.focus();
});

connect();
