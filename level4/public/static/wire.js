// The page at /wire: a ladder of what passes, each step below the one before it. All text is set as
// textContent, so that no bytes of the wire are taken for HTML.
// Leaves out: what is older than the newest 200 exchanges, or than the newest 1000 steps of them.
const ladder = document.getElementById("wire");
const state = document.getElementById("state");
const mostExchanges = 200, mostSteps = 1000;
const stepsOf = new Map();  // how many steps each exchange has on the page
let willScroll = false;  // before the next frame is drawn

function clock(milliseconds) {
    return new Date(milliseconds).toLocaleTimeString([], {
        hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3});
}

function add(parent, name, text) {
    const element = document.createElement(name);
    element.textContent = text;
    parent.append(element, " ");
    return element;
}

// Once for all steps that come together. A reader who has scrolled back stays there.
function keepNewestInSight() {
    if (willScroll) return;
    willScroll = true;
    const following = ladder.scrollTop + ladder.clientHeight > ladder.scrollHeight - 20;
    requestAnimationFrame(() => {
        willScroll = false;
        if (following) ladder.scrollTop = ladder.scrollHeight;
    });
}

function show(step) {
    keepNewestInSight();
    const toServer = step.direction === "<";
    const article = document.createElement("article");
    article.className = toServer ? "step" : "step reply";
    article.dataset.exchange = step.exchange;
    const header = document.createElement("header");
    add(header, "b", toServer ? "client → server" : "client ← server");
    add(header, "span", `exchange ${step.exchange}, connection ${step.connection}`);
    add(header, "time", clock(step.time)).dateTime = new Date(step.time).toISOString();
    add(header, "span", `+${step.after.toFixed(2)} ms`);
    article.append(header);
    add(article, "pre", step.text).tabIndex = 0;  // a long one is scrolled, also by keyboard
    ladder.append(article);
    stepsOf.set(step.exchange, (stepsOf.get(step.exchange) ?? 0) + 1);
    while (stepsOf.size > mostExchanges || ladder.childElementCount > mostSteps) forgetOldest();
}

function forgetOldest() {
    const exchange = Number(ladder.firstElementChild.dataset.exchange);
    const left = stepsOf.get(exchange) - 1;
    left > 0 ? stepsOf.set(exchange, left) : stepsOf.delete(exchange);
    ladder.firstElementChild.remove();
}

const source = new EventSource("/wire/events");
state.textContent = "Connecting …";
source.onopen = () => {  // each connection begins with all that the server remembers
    stepsOf.clear();
    ladder.replaceChildren();
    state.textContent = "Connected.";
};
source.onmessage = (event) => show(JSON.parse(event.data));
source.onerror = () => {
    const ended = source.readyState === EventSource.CLOSED;
    state.textContent = ended ? "The server no longer shows the wire."
                              : "The connection was lost. Trying again …";
};
