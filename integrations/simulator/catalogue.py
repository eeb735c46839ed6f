"""What the simulated shops sell, and to whom. All shops share it, as two shops of one seller share a warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Product:
    """`price` is net in EUR; a variation names its parent and its option; a service has no SKU."""

    key: int
    sku: str
    name: str
    price: Decimal
    stock: int
    parent: int | None = None
    option: str = ""

    @property
    def ean(self) -> str:
        """A number of the house (they begin with 2), with its check digit; a service has none."""
        if not self.sku:
            return ""
        digits = f"29{self.key:010}"
        return digits + str(-sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(digits)) % 10)


@dataclass(frozen=True)
class Buyer:
    first_name: str
    last_name: str
    company: str
    street: str
    city: str
    postal_code: str
    country: str
    phone: str
    mail: str = ""
    """"" stands for one that follows from the postal code."""

    @property
    def email(self) -> str:
        return self.mail or f"buyer.{self.postal_code.replace(' ', '').lower()}@example.com"


def _product(
    key: int, sku: str, name: str, price: str, stock: int, parent: int | None = None, option: str = ""
) -> Product:
    return Product(key, sku, name, Decimal(price), stock, parent, option)


# The variable product: it is listed, but only its variations are sold.
SHIRT = 40

PRODUCTS = (
    _product(1, "TEA-EARL-100", "Earl Grey, 100 g", "6.20", 140),
    _product(2, "TEA-SENCHA-50", "Sencha 煎茶, 50 g", "8.90", 60),
    _product(3, "TEA-RUM-250", "Čaj s rumem – zimní směs, 250 g", "11.50", 35),
    _product(4, "COF-ETH-250", "Éthiopie Sidamo, 250 g", "9.80", 220),
    _product(5, "COF-COL-1000", "Colombia Huila, 1 kg", "27.40", 80),
    _product(6, "MUG-BLUE", "Mug &quot;Zwiebelmuster&quot; &amp; saucer", "14.00", 48),
    _product(7, "MUG-WHITE", "Mug, white", "7.50", 300),
    _product(8, "POT-IRON-08", "Cast iron pot 0.8 l", "46.00", 12),
    _product(9, "GRIND-HAND", "Hand grinder", "59.90", 20),
    _product(10, "FILTER-100", "Paper filters, 100 pieces", "3.10", 900),
    _product(11, "HONEY-LIME-500", "Lindenblütenhonig, 500 g", "7.80", 64),
    _product(12, "JAM-ROSE-200", "Dżem z róży, 200 g", "4.40", 77),
    _product(13, "CHOC-72", "Chocolate 72 %", "3.90", 410),
    _product(14, "CHOC-MILK", "Milk chocolate with sea salt", "3.50", 380),
    _product(15, "BISC-ALMOND", "Cantuccini alle mandorle", "5.20", 150),
    _product(16, "SPOON-OLIVE", "Measuring spoon, olive wood", "6.60", 90),
    _product(17, "KETTLE-1L", "Gooseneck kettle, 1 l", "68.00", 9),
    _product(18, "SCALE-01", "Scale, 0.1 g", "31.50", 26),
    _product(19, "BOX-SPRING", "Gift box “Spring”", "24.00", 15),
    _product(20, "", "Gift wrapping", "2.50", 0),
    _product(41, "SHIRT-S", "Barista shirt", "18.00", 22, SHIRT, "S"),
    _product(42, "SHIRT-M", "Barista shirt", "18.00", 31, SHIRT, "M"),
    _product(43, "SHIRT-XL", "Barista shirt", "19.00", 5, SHIRT, "XL"),
)
BY_KEY = {product.key: product for product in PRODUCTS}

BUYERS = (
    Buyer("Jana", "Nováková", "", "Vinohradská 12", "Praha", "120 00", "CZ", "+420 601 555 010"),
    Buyer("Łukasz", "Wójcik", "", "ul. Świdnicka 8/3", "Wrocław", "50-067", "PL", "+48 601 555 011"),
    Buyer("Zoë", "van den Berg", "", "Prinsengracht 263", "Amsterdam", "1016 GV", "NL", "+31 6 5555 0112"),
    Buyer(
        "Jürgen", "Großmann", "Großmann & Söhne GmbH", "Königsallee 1", "Düsseldorf", "40212", "DE", "+49 151 5550 113"
    ),
    Buyer("Siobhán", "O'Brien", "", "14 Grafton Street", "Dublin", "D02 X285", "IE", "+353 85 555 0114"),
    Buyer("Élodie", "Lefèvre", "", "5 rue de l’Église", "Nîmes", "30000", "FR", "+33 6 55 50 01 15"),
    Buyer("José María", "Núñez Peña", "", "Calle Mayor 7, 2º A", "A Coruña", "15001", "ES", "+34 655 550 116"),
    Buyer("Þóra", "Sigurðardóttir", "", "Laugavegur 22", "Reykjavík", "101", "IS", "+354 655 0117"),
    Buyer("Γεωργία", "Παπαδοπούλου", "", "Ερμού 45", "Αθήνα", "105 63", "GR", "+30 690 555 0118"),
    Buyer("Marko", "Žižek", "", "Prešernova cesta 3", "Ljubljana", "1000", "SI", "+386 40 555 019"),
    Buyer("Anna", "Kovács", "", "Váci utca 9", "Budapest", "1056", "HU", "+36 20 555 0120"),
    Buyer("Søren", "Ægidius", "Ægidius ApS", "Nyhavn 17", "København", "1051", "DK", "+45 20 55 01 21"),
    Buyer("Ștefan", "Ionescu", "", "Strada Lipscani 4", "București", "030031", "RO", "+40 721 555 122"),
    Buyer("Matěj", "Dvořák", "", "Masarykova 31", "Brno", "602 00", "CZ", "+420 602 555 023"),
)

# Percent; a country that is not here buys without tax.
VAT = {
    "CZ": 21,
    "PL": 23,
    "NL": 21,
    "DE": 19,
    "IE": 23,
    "FR": 20,
    "ES": 21,
    "GR": 24,
    "SI": 22,
    "HU": 27,
    "DK": 25,
    "RO": 19,
}

# Units of a currency for one EUR, fixed for ever.
RATES = {"EUR": "1", "CZK": "25", "PLN": "4.3", "GBP": "0.86", "HUF": "400", "USD": "1.1", "JPY": "160", "KWD": "0.335"}

DELIVERIES = (
    ("flat_rate", "Courier", "5.90"),
    ("local_pickup", "Pick-up in the shop", "0"),
    ("free_shipping", "Post", "0"),
)
# `cod` adds a fee; `bacs` waits on hold.
PAYMENTS = (
    ("stripe", "Card"),
    ("bacs", "Bank transfer"),
    ("cod", "Cash on delivery"),
    ("paypal", "PayPal"),
)
