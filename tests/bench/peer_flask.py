"""The guestbook's form and page as they are usually written with Flask. Run by gunicorn (make bench)."""
import json
import os

from flask import Flask, redirect, render_template_string, request, session

FORM = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign the guestbook</title>
<link rel="stylesheet" href="/static/style.css"></head><body><main><h1>Sign the guestbook</h1>
{% if mistakes %}<p class="mistake">Please correct the marked fields.</p>{% endif %}
<form method="post" action="/contact">
{% for field in ["name", "email", "message"] %}
<p><label for="{{ field }}">{{ field }}</label>
<input id="{{ field }}" name="{{ field }}" value="{{ values.get(field, "") }}">
{% if field in mistakes %}<span class="mistake">{{ mistakes[field] }}</span>{% endif %}</p>
{% endfor %}
<p><button>Sign</button></p></form></main></body></html>
"""

app = Flask(__name__)
app.secret_key = "a secret for the benchmark"
store = open(os.environ["BENCH_STORE"], "a", buffering=1)


@app.get("/hello")
def hello():
    return "Hello, world!"


@app.get("/contact")
def show_form():
    return render_template_string(FORM, values={}, mistakes={})


@app.post("/contact")
def sign():
    values = {field: request.form.get(field, "").strip() for field in ("name", "email", "message")}
    mistakes = {field: "Please fill this in." for field in ("name", "message") if not values[field]}
    if mistakes:
        return render_template_string(FORM, values=values, mistakes=mistakes), 422
    store.write(json.dumps(values) + "\n")
    session["name"] = values["name"]
    return redirect("/thankyou", 303)
