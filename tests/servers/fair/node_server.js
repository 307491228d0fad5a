// Level 2 on top of Node's http module, which parses the requests and writes the replies: what it
// gets right must not be judged wrong. Leaves out: level 3 and later.
'use strict';
const http = require('http');

const known = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'];
const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function send(reply, status, type, text, fields = {}) {
    const body = Buffer.from(text, type === 'text/plain' ? 'latin1' : 'utf8');
    reply.writeHead(status, {
        'Content-Type': type + '; charset=utf-8', 'Content-Length': body.length,
        'X-Content-Type-Options': 'nosniff', Connection: 'close', ...fields });
    reply.end(body);  // Node leaves it out for HEAD
}

function refuse(reply, status, fields) {
    send(reply, status, 'text/html', `<h1>${status}</h1>`, fields);
}

function nameIn(query) {
    for (const part of query.split('&')) {
        const [key, ...value] = part.split('=').map((text) => text.replace(/\+/g, ' '));
        if (decodeURIComponent(key) === 'name') return decodeURIComponent(value.join('='));
    }
    return '';
}

function echo(request) {
    let text = `${request.method} ${request.url} HTTP/${request.httpVersion}\n`;
    for (let i = 0; i < request.rawHeaders.length; i += 2)
        text += `${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}\n`;
    return text;
}

// What the module leaves to the program that uses it.
function check(request) {
    if (request.httpVersionMajor !== 1) return request.httpVersionMajor > 1 ? 505 : 400;
    const hosts = request.rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host');
    if (hosts.length !== 1 && (hosts.length > 1 || request.httpVersion !== '1.0')) return 400;
    const host = request.headers.host || '';
    if (!/^([A-Za-z0-9._~!$&'()*+;=-]*|\[[0-9a-fA-F:.]+\])(:[0-9]*)?$/.test(host)) return 400;
    if (!known.includes(request.method)) return 501;
    if (request.method === 'TRACE') return 405;
    if (!/^(\/|http:\/\/[^/?])/i.test(request.url) || /[^!-~]/.test(request.url)) return 400;
    const coding = request.headers['transfer-encoding'];
    if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || request.httpVersion === '1.0')) return 400;
    if (request.url.length > 8170) return 414;
    if (request.rawHeaders.length > 200) return 431;
    return 0;
}

function answer(request, reply) {
    request.socket.begun = true;
    const mistake = check(request);
    if (mistake) return refuse(reply, mistake);
    const rest = request.url.replace(/^http:\/\/[^/?]*/i, '');
    const url = rest.startsWith('/') ? rest : '/' + rest;
    const mark = url.indexOf('?');
    const query = mark < 0 ? '' : url.slice(mark + 1);
    let path, name;
    try {
        path = decodeURIComponent(mark < 0 ? url : url.slice(0, mark));
        name = path === '/hello' ? nameIn(query) || 'world' : '';
    } catch {
        return refuse(reply, 400);
    }
    if (!['/', '/about', '/hello', '/echo'].includes(path)) return refuse(reply, 404);
    if (request.method !== 'GET' && request.method !== 'HEAD')
        return refuse(reply, 405, { Allow: 'GET, HEAD, OPTIONS' });
    if (path === '/echo') return send(reply, 200, 'text/plain', echo(request));
    const heading = path === '/' ? 'Hello, world!' : path === '/about' ? 'About'
        : `Hello, ${name.replace(/[&<>"']/g, (c) => escapes[c])}!`;
    send(reply, 200, 'text/html', `<h1>${heading}</h1>`);
}

const codes = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

// An answer from outside of the module, to what it doesn't take for a request.
function endWith(socket, status, isHead = false) {
    const body = `<h1>${status}</h1>`;
    socket.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nDate: ${new Date().toUTCString()}\r\n` +
        'Content-Type: text/html; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n' +
        `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${isHead ? '' : body}`);
}

const server = http.createServer({ maxHeaderSize: 18 * 1024, requireHostHeader: false, insecureHTTPParser: false,
    headersTimeout: 10000, requestTimeout: 10000, connectionsCheckingInterval: 250 }, answer);
server.maxHeadersCount = 0;
server.timeout = 0;
const sockets = new Set();
server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
});
server.on('clientError', (error, socket) => {
    if (!socket.writable || socket.bytesRead === 0 || socket.begun) return socket.destroy();
    const packet = (error.rawPacket || '').toString();
    // Also what it calls a line that ends in a bare \n.
    const foreign = /HTTP\/[2-9]\.\d/.test(packet);
    endWith(socket, foreign ? 505 : codes[error.code] || 400, packet.startsWith('HEAD '));
});
server.on('connect', (request, socket) => endWith(socket, 405));
server.on('error', () => {
    console.error(`Port ${process.argv[2]} is in use`);
    process.exit(1);
});
server.listen(Number(process.argv[2]), '127.0.0.1', 511);

let stopping = false;
function stop() {
    if (stopping) process.exit(128);
    stopping = true;
    server.close(() => process.exit(0));
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    setTimeout(() => process.exit(0), 4500);
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
