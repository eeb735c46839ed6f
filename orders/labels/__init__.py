"""Labels for parcels, made by providers: the built-in one prints addresses, one of a carrier may buy its labels.

A provider is a class like `label_providers.LabelProvider`: it takes shipments and gives one PDF, with a tracking number
for each where the carrier gave one. The setting `LABEL_PROVIDERS` names the classes by their dotted paths; people
choose among them where they print. A carrier of your own, in a package beside this project:

    class Parcels:
        key = "parcels"
        title = "Parcels Ltd"

        def print(self, shipments):
            answers = [api.label(reference=row.code, to=row.address) for row in shipments]
            numbers = {row.pk: answer.number for row, answer in zip(shipments, answers, strict=True)}
            return PrintedLabels(merged(answers), numbers, carrier=self.title)

What holds for each: it is asked outside of any transaction, so it may take its time; labels are printed again when
paper jams, so a shipment that comes twice must give the same label (`Shipment.code` is the reference to tell it by) and
not buy another; and what goes wrong is a `LabelRefused` with a sentence that names the order.
"""
