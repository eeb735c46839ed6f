from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Integrations"

    def ready(self) -> None:
        from integrations.runs.queue import ring_follow_up
        from orders import bell

        bell.listen(ring_follow_up)
