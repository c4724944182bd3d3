"""The invented goods of the two shops: products with variants, prices and barcodes."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Variant:
    sku: str
    title: str
    option: str
    price: Decimal
    barcode: str
    product_id: int
    variant_id: int
    item_id: int  # internal id of its NetSuite item

    @property
    def full_title(self) -> str:
        return f"{self.title} - {self.option}"


SIZES = ("S", "M", "L", "XL")
NORTHWIND = (
    ("Alder Overshirt", "ALDER", "88.00", SIZES),
    ("Fjord Merino Crew", "FJORD", "120.00", SIZES),
    ("Harvest Chore Jacket", "HARVEST", "148.00", SIZES),
    ("Juniper Wide Trouser", "JUNIPER", "96.00", SIZES),
    ("Lantern Wool Scarf", "LANTERN", "54.00", ("Moss", "Rust", "Slate", "Cream")),
    ("Meadow Linen Dress", "MEADOW", "132.00", SIZES),
    ("Pike Trail Boot", "PIKE", "176.00", ("40", "41", "42", "43")),
    ("Quarry Denim Shirt", "QUARRY", "79.50", SIZES),
    ("Tarn Rain Shell", "TARN", "210.00", SIZES),
    ("Willow Rib Sock 3-Pack", "WILLOW", "24.00", ("36-38", "39-41", "42-44", "45-47")),
)
HARBOUR = (
    ("Anchor Signet Ring", "ANCHOR", "85.00", ("N", "P", "R", "T")),
    ("Cove Pearl Earrings", "COVE", "62.00", ("Silver", "Gold", "Rose", "Black")),
    ("Drift Chain Necklace", "DRIFT", "110.00", ("40cm", "45cm", "50cm", "55cm")),
    ("Estuary Cuff", "ESTUARY", "74.00", ("S", "M", "L", "XL")),
    ("Gull Face Oil", "GULL", "38.00", ("15ml", "30ml", "Refill", "Travel")),
    ("Kelp Body Balm", "KELP", "26.50", ("Mint", "Fig", "Plain", "Rose")),
    ("Lighthouse Candle", "LIGHT", "34.00", ("Amber", "Salt", "Cedar", "Tea")),
    ("Mooring Watch Strap", "MOORING", "58.00", ("18mm", "20mm", "22mm", "24mm")),
    ("Pebble Soap Set", "PEBBLE", "22.00", ("Oat", "Clay", "Sea", "Charcoal")),
    ("Tide Silk Wrap", "TIDE", "95.00", ("Ink", "Sand", "Coral", "Pine")),
)


@dataclass(frozen=True)
class Kit:
    """Goods that the shop sells as one and NetSuite keeps in stock as what they are made of. parts: with how many."""

    variant: Variant
    parts: tuple[tuple[Variant, int], ...]


KIT_PLACES = ((0, 1), (8, 2))  # of the products: one of the first and two of the ninth make the gift set of a shop


def build_kit(catalogue: list[Variant], *, base: int) -> Kit:
    """The gift set of a shop. No shopper of a scenario happens to buy it: it is asked for by name."""
    parts = tuple((catalogue[place * 4], count) for place, count in KIT_PLACES)
    serial = base * 1000 + 990
    variant = Variant(
        sku=f"GIFTSET-{parts[0][0].sku}",
        title="Gift Set",
        option=parts[0][0].option,
        price=sum((one.price * count for one, count in parts), Decimal(0)),
        barcode=_with_check_digit(f"0{serial:011d}"),
        product_id=8_123_000_000 + base * 10_000 + 99,
        variant_id=45_123_000_000 + serial,
        item_id=3000 + base * 200 + 199,
    )
    return Kit(variant, parts)


def build_catalogue(products: tuple[tuple[str, str, str, tuple[str, ...]], ...], *, base: int) -> list[Variant]:
    """base keeps the ids of the shops apart."""
    variants: list[Variant] = []
    for place, (title, stem, price, options) in enumerate(products):
        for number, option in enumerate(options):
            serial = base * 1000 + place * 10 + number
            variants.append(
                Variant(
                    sku=f"{stem}-{option.upper().replace(' ', '')}",
                    title=title,
                    option=option,
                    price=Decimal(price),
                    barcode=_with_check_digit(f"0{serial:011d}"),
                    product_id=8_123_000_000 + base * 10_000 + place,
                    variant_id=45_123_000_000 + serial,
                    item_id=3000 + base * 200 + place * 10 + number,
                )
            )
    return variants


def _with_check_digit(twelve: str) -> str:
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(twelve))
    return twelve + str(-total % 10)
