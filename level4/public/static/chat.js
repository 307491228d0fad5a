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
let following = true;  // the newest is in sight, and shall stay so

function show(message) {
    if (shown.has(message.id)) return;  // the history may repeat a live message
    shown.add(message.id);
    const article = document.createElement("article");
    article.className = "message";
    article.dataset.id = message.id;
    article.dir = "auto";  // a text in Hebrew, say, runs from right to left, and so does its header
    const header = document.createElement("header");
    const name = document.createElement("b");
    name.dir = "auto";
    name.textContent = message.name;
    const time = document.createElement("time");
    time.dateTime = message.created;
    time.dir = "ltr";
    time.textContent = localTime(message.created);
    const text = document.createElement("p");
    text.textContent = message.message;
    header.append(name, " ", time);
    article.append(header, text);
    // The newest is at the bottom. The search begins there, and nearly always ends there, because
    // only messages of several visitors may arrive in another order.
    let newer = null, older = list.lastElementChild;
    while (older && Number(older.dataset.id) > message.id) [newer, older] = [older, older.previousElementSibling];
    list.insertBefore(article, newer);
    if (list.childElementCount > mostShown) {
        shown.delete(Number(list.firstElementChild.dataset.id));
        list.firstElementChild.remove();
    }
    // Once for all messages that came together. A reader who has scrolled back stays there.
    requestAnimationFrame(() => { if (following) list.scrollTop = list.scrollHeight; });
}

// Shows what is wrong with a field at that field. An empty text takes the mark away.
function mark(field, mistake) {
    field.setAttribute("aria-invalid", mistake !== "");
    document.getElementById(`${field.name}-mistake`).textContent = mistake;
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
        const field = message.field === "name" ? form.name : form.message;
        mark(field, message.error);
        field.focus();
        if (form.message.value === "") form.message.value = sent;
    };
}

form.addEventListener("submit", (event) => {
    event.preventDefault();  // only without JavaScript does the form post
    if (socket.readyState !== WebSocket.OPEN) return;  // the line below the button says why
    mark(form.name, "");
    mark(form.message, "");
    sent = form.message.value;
    socket.send(JSON.stringify({name: form.name.value, message: sent}));
    form.message.value = "";
    form.message.focus();
});

list.addEventListener("scroll", () => {
    following = list.scrollTop + list.clientHeight > list.scrollHeight - 20;
});
list.replaceChildren();  // what is there is for browsers without JavaScript
state.textContent = "Connecting …";
connect();
