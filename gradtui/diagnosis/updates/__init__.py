"""A hand-written update compared with the optimizer's own: findings."""

from gradtui.diagnosis.updates.diagnose import UpdateReport, diagnose_update

__all__ = ["UpdateReport", "diagnose_update"]
