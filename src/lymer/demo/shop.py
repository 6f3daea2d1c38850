"""The shop: who its services are, and what each does when it is called. Pure; time is what the operations say it is."""

from __future__ import annotations

import random
from dataclasses import dataclass

from lymer.demo.operation import Operation, Scalar, Service
from lymer.demo.protocols import grpc_answer, grpc_call, http_answer, http_call, kafka, redis, sql
from lymer.demo.troubles import Troubles

BAD_VERSION = "2.5.0"
_PRODUCTS = tuple(
    f"{color}-{thing}" for color in ("red", "blue", "green", "black") for thing in ("lamp", "chair", "desk", "mug")
)
_NULL_STACK = (
    "\tat shop.payment.CardVault.tokenOf(CardVault.java:87)\n"
    "\tat shop.payment.ChargeService.charge(ChargeService.java:142)\n"
    "\tat shop.payment.PaymentGrpc.charge(PaymentGrpc.java:61)\n"
    "\tat io.grpc.stub.ServerCalls.invoke(ServerCalls.java:182)"
)
_LOCK_STACK = (
    '  File "/app/inventory/store.py", line 118, in reserve\n    cursor.execute(RESERVE, (quantity, product))\n'
    '  File "/app/inventory/pool.py", line 44, in execute\n    raise LockNotAvailable(message)'
)


def _service(name: str, language: str, version: str, scope: str, instance: int) -> Service:
    return Service(name, language, version, f"{name}-{instance}", scope)


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop at a moment: which instances serve this request, and what is wrong."""

    chance: random.Random
    troubles: Troubles
    frontend: Service
    catalog: Service
    recommendation: Service
    cart: Service
    checkout: Service
    payment: Service
    inventory: Service
    shipping: Service

    @classmethod
    def at(cls, chance: random.Random, troubles: Troubles) -> Shop:
        """The services with the versions that run in this moment."""
        bad = troubles.bad_deploy > 0
        pick = chance.randrange
        return cls(
            chance=chance,
            troubles=troubles,
            frontend=_service("frontend", "nodejs", "4.11.2", "@opentelemetry/instrumentation-http", pick(3)),
            catalog=_service("catalog", "go", "1.32.0", "go.opentelemetry.io/contrib/net/http/otelhttp", pick(3)),
            recommendation=_service("recommendation", "python", "0.9.4", "opentelemetry.instrumentation.grpc", pick(2)),
            cart=_service("cart", "dotnet", "3.1.0", "Microsoft.AspNetCore", pick(2)),
            checkout=_service("checkout", "java", "7.0.3", "io.opentelemetry.spring-webmvc-6.0", pick(3)),
            payment=_service("payment", "java", BAD_VERSION if bad else "2.4.1", "io.opentelemetry.grpc-1.6", pick(2)),
            inventory=_service("inventory", "python", "5.2.0", "opentelemetry.instrumentation.grpc", pick(2)),
            shipping=_service("shipping", "go", "1.8.1", "go.opentelemetry.io/contrib/kafka", pick(2)),
        )

    def product(self) -> str:
        """What somebody looks at."""
        return self.chance.choice(_PRODUCTS)

    def look_up(self, caller: Operation, product: str) -> Operation:
        """`catalog` finds a product: in its cache, else in its database."""
        call, server = http_call(caller, self.catalog, "GET", "/products/{id}", f"/products/{product}")
        server.says(app__product__id=product)
        cache = server.child("GET", "client", redis("GET", "cache.catalog", f"GET product:{product}"))
        cache.passes(0.6)
        hit = self.chance.random() > max(0.06, self.troubles.cold_cache)
        cache.says(cache__hit=hit)
        server.waits_for(cache.ends())
        if not hit:
            self._fill_cache(server, product)
        server.passes(1.2)
        return http_answer(call, server, 200)

    def _fill_cache(self, server: Operation, product: str) -> None:
        server.happens("cache.miss", {"cache.key": f"product:{product}"})
        text = "SELECT id, title, price, stock FROM products WHERE id = $1"
        query = server.child("SELECT products", "client", sql("SELECT", "products", "db.catalog", text))
        query.passes(9 + 60 * self.troubles.cold_cache)
        query.says(db__response__returned_rows=1)
        server.waits_for(query.ends())
        put = server.child("SET", "client", redis("SET", "cache.catalog", f"SET product:{product} ? EX 600"))
        put.passes(0.7)
        server.waits_for(put.ends())

    def search(self, caller: Operation, words: str) -> Operation:
        """`catalog` searches: a scan that is always slow."""
        call, server = http_call(caller, self.catalog, "GET", "/search", f"/search?q={words}")
        server.says(app__search__words=words)
        text = "SELECT id, title, price FROM products WHERE title ILIKE $1 ORDER BY rank DESC LIMIT 40"
        query = server.child("SELECT products", "client", sql("SELECT", "products", "db.catalog", text))
        query.passes(self.chance.choice((90, 120, 450, 1_400)))
        query.says(db__response__returned_rows=self.chance.randrange(41))
        server.waits_for(query.ends())
        server.passes(4)
        return http_answer(call, server, 200)

    def recommend(self, caller: Operation, user: str) -> Operation:
        """`recommendation` ranks products; for users with a long history it asks the database once for each."""
        call, server = grpc_call(caller, self.recommendation, "shop.Recommendation", "List")
        history = self.chance.choice((1, 1, 1, 1, 1, 1, 1, 1, 1, 34))
        server.says(user__id=user, app__history__length=history)
        text = "SELECT product_id, score FROM affinities WHERE user_id = $1 AND bought_product_id = $2"
        for _ in range(history):
            query = server.child("SELECT affinities", "client", sql("SELECT", "affinities", "db.recommendation", text))
            query.passes(5)
            query.says(db__response__returned_rows=self.chance.randrange(1, 12))
            server.waits_for(query.ends())
            server.passes(0.3)
        rank = server.child(
            "rank",
            "internal",
            {"app.model": "two-tower-7", "app.candidates": 120, "app.score": 0.5 + self.chance.random() / 2},
        )
        rank.passes(11)
        server.waits_for(rank.ends())
        return grpc_answer(call, server, 0)

    def read_cart(self, caller: Operation, user: str) -> Operation:
        """`cart` reads what is in it."""
        call, server = http_call(caller, self.cart, "GET", "/carts/{user}", f"/carts/{user}")
        read = server.child("HGETALL", "client", redis("HGETALL", "cache.cart", f"HGETALL cart:{user}"))
        read.passes(0.9)
        server.waits_for(read.ends())
        server.passes(0.8)
        return http_answer(call, server, 200)

    def add_to_cart(self, caller: Operation, user: str, product: str) -> Operation:
        """`cart` takes one more product."""
        call, server = http_call(caller, self.cart, "POST", "/carts/{user}/items", f"/carts/{user}/items")
        server.says(app__product__id=product, user__id=user)
        write = server.child("HINCRBY", "client", redis("HINCRBY", "cache.cart", f"HINCRBY cart:{user} {product} 1"))
        write.passes(0.8)
        server.waits_for(write.ends())
        return http_answer(call, server, 201)

    def reserve(self, caller: Operation, product: str) -> Operation:
        """`inventory` takes the goods from the shelf; during a vacuum it waits for the row."""
        call, server = grpc_call(caller, self.inventory, "shop.Inventory", "Reserve")
        server.says(app__product__id=product)
        text = "UPDATE stock SET reserved = reserved + $1 WHERE product_id = $2 AND on_hand > reserved"
        query = server.child("UPDATE stock", "client", sql("UPDATE", "stock", "db.inventory", text))
        query.passes(7 + 900 * self.troubles.slow_database)
        locked = self.troubles.slow_database > 0 and self.chance.random() < 0.3
        if locked:
            query.says(db__response__status_code="55P03", error__type="LockNotAvailable")
            query.fails("canceling statement due to lock timeout", "psycopg.errors.LockNotAvailable", _LOCK_STACK)
        server.waits_for(query.ends())
        if locked:
            server.fails("stock is locked")
        return grpc_answer(call, server, 14 if locked else 0)

    def charge(self, caller: Operation, amount: float, attempt: int) -> Operation:
        """`payment` charges the card at a provider that is not ours."""
        call, server = grpc_call(caller, self.payment, "shop.Payment", "Charge")
        if attempt:
            call.says(rpc__retry__attempt=attempt)
        server.says(app__payment__amount=round(amount, 2), app__payment__currency="EUR", app__payment__method="card")
        if self.troubles.bad_deploy and self.chance.random() < 0.4:
            server.passes(3)
            message = 'Cannot invoke "Token.value()" because the return value of "CardVault.find(card)" is null'
            server.fails(message, "java.lang.NullPointerException", _NULL_STACK)
            return grpc_answer(call, server, 13)
        refused = self._ask_provider(server)
        return grpc_answer(call, server, 14 if refused else 0)

    def _ask_provider(self, server: Operation) -> bool:
        down = self.chance.random() < 0.9 * self.troubles.provider_down
        attributes: dict[str, Scalar] = {
            "http.request.method": "POST",
            "url.full": "https://api.cardpay.example/v3/charges",
            "server.address": "api.cardpay.example",
            "server.port": 443,
            "network.protocol.version": "2",
            "http.response.status_code": 503 if down else 200,
        }
        outside = server.child("POST", "client", attributes)
        outside.passes(650 if down else 140)
        if down:
            outside.says(error__type="503")
            outside.fails("503 Service Unavailable")
            server.fails("card provider unavailable")
        server.waits_for(outside.ends())
        return down

    def send_order(self, caller: Operation, order: str) -> Operation:
        """`checkout` puts the order on the topic."""
        send = caller.child("send orders", "producer", kafka("send", order, self.chance.randrange(6)))
        send.passes(2)
        caller.waits_for(send.ends())
        return send

    def ship(self, consumer: Operation) -> None:
        """`shipping` books a parcel and tells the customer."""
        text = "INSERT INTO parcels (id, order_id, state) VALUES ($1, $2, $3)"
        query = consumer.child("INSERT parcels", "client", sql("INSERT", "parcels", "db.shipping", text))
        query.passes(6)
        consumer.waits_for(query.ends())
        label = consumer.child(
            "render label", "internal", {"app.label.format": "pdf", "thread.id": 1 + self.chance.randrange(8)}
        )
        label.passes(35)
        consumer.waits_for(label.ends())
        mail = consumer.child(
            "POST",
            "client",
            {
                "http.request.method": "POST",
                "url.full": "https://mail.example/v1/messages",
                "server.address": "mail.example",
                "server.port": 443,
                "http.response.status_code": 202,
            },
        )
        mail.passes(80)
        consumer.waits_for(mail.ends())
