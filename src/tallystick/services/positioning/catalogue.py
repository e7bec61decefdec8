"""The county's catalogue: products, providers and reference figures, checked and compiled once.

The tree is what is signed and replayed; `compile_catalogue` turns it into frozen parts that a
decision reads. Laws: keys are exact, every leaf is an integer or a short text, months are
`year * 12 + month - 1`, two versions of a scheme never share a month in force by accident: the
higher version wins.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, TypeVar

from tallystick.base.errors import Invalid

__all__ = [
    "AID",
    "Catalogue",
    "Crop",
    "Product",
    "Provider",
    "Reference",
    "catalogue_from_toml",
    "compile_catalogue",
]

T = TypeVar("T")

AID = "aid"
INTEGER_LIMIT = 2**53
_TEXT_BYTES_MAX = 200
_ROWS_MAX = 256
_MONTH_KEYS = frozenset({"from_month", "until_month", "as_of"})


@dataclass(frozen=True, slots=True)
class Product:
    """One version of a scheme's terms; money in minor units, rates in ppm, 0 = no limit.

    `purposes` are allowed and `made_for` are served best; `categories` and `groups` (women,
    returnee, coop_member) are who may ask, empty = anyone; `needs` are parts of the demand
    without which it cannot be given, `shows` what is to be shown before payout.
    """

    scheme: str
    version: int
    name_zh: str
    name_en: str
    kind: str
    expertise: str
    from_month: int
    until_month: int
    expertise_no_record: str = ""
    amount_min_minor: int = 0
    amount_max_minor: int = 0
    amount_per_mu_min_minor: int = 0
    amount_per_mu_max_minor: int = 0
    level_caps: Mapping[str, int] = field(default_factory=dict)
    term_min_months: int = 1
    term_max_months: int = 0
    rate_ppm: int = 0
    rate_max_ppm: int = 0
    subsidy_ppm: int = 0
    subsidised_max_minor: int = 0
    fee_ppm: int = 0
    own_share_ppm: int = 0
    leaseback_ppm: int = 0
    order_share_ppm: int = 0
    due_within_months: int = 0
    extensions_max: int = 0
    repayments: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    made_for: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    age_min: int = 0
    age_max: int = 0
    means_tested: int = 0
    covers: tuple[str, ...] = ()
    sum_min_minor: int = 0
    sum_max_minor: int = 0
    risks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Provider:
    """A standard service subject: what it does, what it is good at, what it can take on.

    `feel_milli` is the mean of how the service felt, thousandths of 1..5, over `feel_count`.
    Empty `crops` or `villages` mean all.
    """

    provider: str
    name_zh: str
    name_en: str
    services: tuple[str, ...]
    expertise: tuple[str, ...]
    ticket_min_minor: int
    ticket_max_minor: int
    capacity_minor: int
    days_to_yes: int
    feel_milli: int
    feel_count: int
    crops: tuple[str, ...] = ()
    villages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Crop:
    """What the county knows of a crop or animal: net income of the low, middle and high year."""

    unit: str
    kind: str
    net_p20_minor: int
    net_p50_minor: int
    net_p80_minor: int
    yield_kg_per_mu: int = 0
    price_minor_per_kg: int = 0
    cost_minor_per_mu: int = 0
    sale_months: tuple[int, ...] = ()
    outlay_months: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """Dated figures of the county; rates in ppm a year."""

    as_of: int
    lpr_1y_ppm: int
    lpr_5y_ppm: int
    floor_minor_person_month: int
    living_minor_person_year: int
    living_share_ppm: int
    wage_months: int
    crops: Mapping[str, Crop]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All of it, in the order of the tree."""

    products: tuple[Product, ...]
    providers: tuple[Provider, ...]
    reference: Reference

    def find_product(self, scheme: str, month: int) -> Product | None:
        """Return the highest version of a scheme in force in a month (0 = any)."""
        found = None
        for product in self.products:
            in_force = not month or product.from_month <= month <= product.until_month
            if product.scheme == scheme and in_force:
                found = product if found is None or product.version > found.version else found
        return found

    def find_in_force(self, month: int) -> tuple[Product, ...]:
        """Return the product of each scheme in force in a month, in the catalogue's order."""
        found: dict[str, Product | None] = {}
        for product in self.products:
            known = found.setdefault(product.scheme, None)
            in_force = not month or product.from_month <= month <= product.until_month
            if in_force and (known is None or product.version > known.version):
                found[product.scheme] = product
        return tuple(product for product in found.values() if product is not None)


def catalogue_from_toml(text: str) -> dict[str, Any]:
    """Return the catalogue's value tree from its TOML text, checked.

    Raises:
        Invalid: `positioning.catalogue`, naming the place.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _malformed("catalogue", f"TOML: {error}") from error
    tree = {key: _convert(key, value) for key, value in table.items()}
    compile_catalogue(tree)
    return tree


def compile_catalogue(tree: Mapping[str, Any]) -> Catalogue:
    """Return the catalogue of a value tree.

    Raises:
        Invalid: `positioning.catalogue` where a key is missing, unknown or of another kind.
    """
    if set(tree) != {"v", "products", "providers", "reference"} or tree["v"] != 1:
        raise _malformed("catalogue", "keys must be v = 1, products, providers, reference")
    reference = dict(tree["reference"])
    crops = {
        name: _build(Crop, row, f"reference.crops.{name}")
        for name, row in sorted(reference.pop("crops", {}).items())
    }
    known = _build(Reference, {**reference, "crops": {}}, "reference")
    products = _rows(Product, tree["products"], "products")
    _check_unique([f"{p.scheme} {p.version}" for p in products], "products")
    providers = _rows(Provider, tree["providers"], "providers")
    _check_unique([p.provider for p in providers], "providers")
    values = {item.name: getattr(known, item.name) for item in fields(Reference)}
    return Catalogue(products, providers, Reference(**{**values, "crops": crops}))


def _rows(shape: type[T], rows: object, place: str) -> tuple[T, ...]:
    if not isinstance(rows, list) or not 1 <= len(rows) <= _ROWS_MAX:
        raise _malformed(place, f"must be a list of 1..{_ROWS_MAX} tables")
    return tuple(_build(shape, row, f"{place}[{index}]") for index, row in enumerate(rows))


def _build(shape: type[T], row: object, place: str) -> T:
    """Return the row as `shape`, every leaf of the declared kind."""
    if not isinstance(row, dict):
        raise _malformed(place, "must be a table")
    known = {item.name: item for item in fields(shape)}  # type: ignore[arg-type]
    required = {
        name
        for name, item in known.items()
        if item.default is MISSING and item.default_factory is MISSING
    }
    strangers, missing = sorted(set(row) - set(known)), sorted(required - set(row))
    if strangers or missing:
        raise _malformed(place, f"unknown: {strangers}, missing: {missing}")
    values = {
        key: _leaf(str(known[key].type), value, f"{place}.{key}") for key, value in row.items()
    }
    return shape(**values)


def _leaf(kind: str, value: object, place: str) -> Any:  # noqa: ANN401
    """Return one checked leaf; lists become tuples."""
    if kind == "int" and type(value) is int and -INTEGER_LIMIT < value < INTEGER_LIMIT:
        return value
    if kind == "str" and isinstance(value, str) and len(value.encode()) <= _TEXT_BYTES_MAX:
        return value
    if kind.startswith("tuple") and isinstance(value, list) and len(value) <= _ROWS_MAX:
        inner = "int" if "int" in kind else "str"
        return tuple(_leaf(inner, item, place) for item in value)
    if kind.startswith("Mapping") and isinstance(value, dict):
        return {key: _leaf("int", item, place) for key, item in sorted(value.items())}
    raise _malformed(place, f"must be {kind}")


def _convert(key: str, value: object) -> Any:  # noqa: ANN401
    """Turn the text of a month, "2026-11", into its number, at any depth."""
    if isinstance(value, dict):
        return {name: _convert(name, item) for name, item in value.items()}
    if isinstance(value, list):
        return [_convert(key, item) for item in value]
    if key in _MONTH_KEYS and isinstance(value, str):
        year, _, month = value.partition("-")
        if not (year.isdecimal() and month.isdecimal() and 1 <= int(month) <= 12):  # noqa: PLR2004
            raise _malformed(key, f"{value!r} is no month such as 2026-11")
        return int(year) * 12 + int(month) - 1
    return value


def _check_unique(names: list[str], place: str) -> None:
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise _malformed(place, f"twice: {twice}")


def _malformed(place: str, fact: str) -> Invalid:
    return Invalid(
        "positioning.catalogue",
        f"{place}: {fact}",
        cure="Compare with examples/products.toml.",
        place=place,
    )
