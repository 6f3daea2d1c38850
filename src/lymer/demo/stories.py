"""What customers do in the shop, as traces. A second's traffic is a pure function of the seed and the second.

So the same history sent twice is the same spans, and a store that keeps equal spans once shows it once.
"""

from __future__ import annotations

import random

from lymer.component.clock import new_random
from lymer.demo.operation import MILLISECOND, Journey, Operation
from lymer.demo.protocols import http_answer, http_call, kafka
from lymer.demo.shop import Shop
from lymer.demo.troubles import troubles_at

SECOND = 1_000 * MILLISECOND
CHARGE_ATTEMPTS_MAX = 4
_WORDS = ("lamp", "desk oak", "mug", "office chair", "standing desk")
_AGENTS = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_7) Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64) Firefox/143.0",
    "ShopApp/5.2 (Android 16)",
)


def traffic(seed: int, unix_s: int, traces_per_s: float) -> list[Journey]:
    """The traces that begin in this second."""
    chance = new_random(seed << 40 ^ unix_s)
    count = int(traces_per_s + chance.random())
    journeys: list[Journey] = []
    for _ in range(count):
        at = unix_s * SECOND + chance.randrange(SECOND)
        journeys.extend(_visit(chance, at, unix_s))
    return journeys


def _visit(chance: random.Random, at: int, unix_s: int) -> list[Journey]:
    shop = Shop.at(chance, troubles_at(unix_s))
    story = chance.choices((_home, _product, _search, _add, _buy), weights=(20, 34, 12, 18, 16))[0]
    return story(shop, at)


def _home(shop: Shop, at: int) -> list[Journey]:
    page = _page(shop, at, "GET", "/", "/")
    products = [shop.look_up(page, shop.product()) for _ in range(3)]
    page.waits_for(*products, shop.recommend(page, _user(shop)))
    return [_done(page, 200)]


def _product(shop: Shop, at: int) -> list[Journey]:
    product = shop.product()
    page = _page(shop, at, "GET", "/product/{id}", f"/product/{product}")
    page.waits_for(shop.look_up(page, product), shop.recommend(page, _user(shop)))
    return [_done(page, 200)]


def _search(shop: Shop, at: int) -> list[Journey]:
    words = shop.chance.choice(_WORDS)
    page = _page(shop, at, "GET", "/search", "/search")
    page.waits_for(shop.search(page, words.replace(" ", "+")))
    return [_done(page, 200)]


def _add(shop: Shop, at: int) -> list[Journey]:
    user, product = _user(shop), shop.product()
    page = _page(shop, at, "POST", "/cart", "/cart")
    page.waits_for(shop.look_up(page, product))
    page.waits_for(shop.add_to_cart(page, user, product))
    return [_done(page, 303)]


def _buy(shop: Shop, at: int) -> list[Journey]:
    """The longest way: cart, stock, payment, a message, and a parcel in a trace of its own."""
    user, order = _user(shop), f"o-{shop.chance.randrange(10**9):09d}"
    page = _page(shop, at, "POST", "/checkout", "/checkout")
    call, checkout = http_call(page, shop.checkout, "POST", "/orders", "/orders")
    checkout.says(user__id=user, app__order__id=order)
    checkout.waits_for(shop.read_cart(checkout, user))
    sent = _place_order(shop, checkout, order)
    status = 201 if sent else 502
    page.waits_for(http_answer(call, checkout, status))
    journeys = [_done(page, 200 if sent else 502)]
    return [*journeys, _parcel(shop, sent, order)] if sent else journeys


def _place_order(shop: Shop, checkout: Operation, order: str) -> Operation | None:
    """Reserve the goods, charge the card (again when that fails). The message sent, None when the order failed."""
    shelf = [shop.reserve(checkout, shop.product()) for _ in range(shop.chance.randrange(1, 4))]
    checkout.waits_for(*shelf)
    if any(call.failed for call in shelf):
        checkout.fails("could not reserve the goods")
        return None
    amount = 5 + shop.chance.random() * 300
    for attempt in range(CHARGE_ATTEMPTS_MAX):
        charged = shop.charge(checkout, amount, attempt)
        checkout.waits_for(charged)
        if not charged.failed:
            return shop.send_order(checkout, order)
        if shop.troubles.bad_deploy:
            break
        checkout.happens("retry", {"retry.attempt": attempt + 1, "retry.delay_ms": 100 * 2**attempt})
        checkout.passes(100 * 2**attempt)
    checkout.fails("payment failed", "shop.checkout.PaymentFailed", "\tat shop.checkout.Orders.place(Orders.java:203)")
    return None


def _parcel(shop: Shop, sent: Operation, order: str) -> Journey:
    journey = Journey(shop.chance, shop.chance.randbytes(16))
    at = sent.now + int(shop.chance.uniform(20, 900)) * MILLISECOND
    consumer = journey.begin(
        shop.shipping, "process orders", "consumer", at, kafka("process", order, shop.chance.randrange(6))
    )
    consumer.links_to(sent)
    consumer.says(app__order__id=order)
    consumer.passes(1)
    shop.ship(consumer)
    consumer.ends()
    return journey


def _page(shop: Shop, at: int, method: str, route: str, path: str) -> Operation:
    journey = Journey(shop.chance, shop.chance.randbytes(16))
    page = journey.begin(
        shop.frontend,
        f"{method} {route}",
        "server",
        at,
        {
            "http.request.method": method,
            "http.route": route,
            "url.path": path,
            "url.scheme": "https",
            "server.address": "shop.example",
            "client.address": f"203.0.113.{shop.chance.randrange(1, 255)}",
            "user_agent.original": shop.chance.choice(_AGENTS),
        },
    )
    page.passes(1.5)
    return page


def _done(page: Operation, status: int) -> Journey:
    page.passes(2.5)
    page.says(http__response__status_code=status)
    if status >= 500:
        page.says(error__type=str(status))
        page.fails("")
    page.ends()
    return page.journey


def _user(shop: Shop) -> str:
    return f"u-{int(5_000 * shop.chance.random() ** 2):04d}"
