#!/bin/sh
# nginx as a server of files: nginx.sh PORT PUBLIC. The routes of level 3 are beyond it.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
case $2 in /*) root=$2 ;; *) root=$PWD/$2 ;; esac
user=
[ "$(id -u)" = 0 ] && user='user root;'
cat >"$work/nginx.conf" <<END
daemon off; $user worker_processes 1; pid $work/nginx.pid; error_log $work/error.log;
events { worker_connections 1024; }
http {
    access_log off; server_tokens off; charset utf-8; keepalive_timeout 5s; client_header_timeout 10s;
    charset_types text/css text/javascript text/csv text/plain;
    types {
        text/html html htm; text/css css; text/javascript js mjs; text/plain txt; text/csv csv;
        application/json json; image/svg+xml svg; image/png png; image/jpeg jpg jpeg; image/gif gif;
        image/webp webp; application/pdf pdf; font/woff2 woff2; video/mp4 mp4; application/wasm wasm;
    }
    default_type application/octet-stream;
    client_body_temp_path $work/b; proxy_temp_path $work/p; fastcgi_temp_path $work/f;
    uwsgi_temp_path $work/u; scgi_temp_path $work/s;
    server {
        listen 127.0.0.1:$1 backlog=511;
        root $root; index index.html; gzip_static on; gzip_vary on;
        if_modified_since before; absolute_redirect off; disable_symlinks on from=$root;
        add_header X-Content-Type-Options nosniff always; add_header Cache-Control no-cache always;
        location / { return 404; }
        location ~ /\. { return 404; }
        location = /files { return 301 /files/; }
        location /files/ { }
        location /static/ { }
    }
}
END
/usr/sbin/nginx -c "$work/nginx.conf" &
nginx=$!
trap 'kill -QUIT $nginx' TERM INT
wait $nginx
wait $nginx
