// Shows the times of messages as the reader's own clock does. Without JavaScript they are in UTC.
function localTime(text) {
    const time = new Date(text);
    return isNaN(time) ? text : time.toLocaleString([], {dateStyle: "medium", timeStyle: "short"});
}

for (const time of document.querySelectorAll("time")) time.textContent = localTime(time.dateTime);
