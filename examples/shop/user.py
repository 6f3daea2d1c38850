"""user: who buys, over HTTP (Flask); looked for in the cache (Redis), then in the database (SQL)."""

import json
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import lymer_sdk as lymer
import redis
from database import Database
from flask import Flask, abort
from lymer_sdk.middleware import WSGIMiddleware
from settings import is_on, pause, port, start

USERS = "".join(f"INSERT INTO users VALUES ({n}, 'user {n}', 'user{n}@shop.example');" for n in range(1, 101))
app = Flask("user")
database = Database("users", "CREATE TABLE users (id INTEGER, name TEXT, mail TEXT);" + USERS)
database.function("scan", lambda number: pause(0.3) or number)


@app.get("/users/<int:number>")
def user(number: int) -> str:
    """One user."""
    cache = redis.Redis(port=port("cache"))
    known = None if is_on("slow-query") else cache.get(f"user:{number}")
    if known is not None:
        return str(known.decode())
    lymer.current_span().add_event("cache_miss", {"key": f"user:{number}"})
    if is_on("slow-query"):
        rows = database.query("SELECT name, mail FROM users WHERE id = scan(?) LIMIT 1", number)
    else:
        rows = database.query("SELECT name, mail FROM users WHERE id = ?", number)
    if not rows:
        abort(404)
    found = json.dumps({"name": rows[0][0], "mail": rows[0][1]})
    cache.set(f"user:{number}", found, ex=60)
    return found


class Server(ThreadingMixIn, WSGIServer):
    """A thread for each request."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """No line for each request: the middleware's log has them."""

    def log_message(self, *arguments: object) -> None:
        """Quiet."""


def main() -> None:
    """Serves until it is stopped."""
    start("user")
    wrapped = WSGIMiddleware(app, access_log="access")
    make_server("127.0.0.1", port("user"), wrapped, Server, Quiet).serve_forever()


if __name__ == "__main__":
    main()
