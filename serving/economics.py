"""What the settings say of costs and margin, as the ladders of customer value take it."""

from configs.settings import Settings
from retention.clv.ladder import Economics


def economics_of(settings: Settings) -> Economics:
    """Return margin, costs and discount rate of a shop; the margin is None where not told."""
    return Economics(
        margin=settings.money.margin,
        serving_per_order=settings.costs.serving_per_order,
        retention_per_year=settings.costs.retention_per_year,
        annual_discount_rate=settings.money.annual_discount_rate,
    )
