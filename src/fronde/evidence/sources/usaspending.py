# SPDX-License-Identifier: Apache-2.0
"""USAspending: award summaries (286 columns), transactions (297), subawards (118), extracts of 2018, the API.

The column names of old downloads are aliases in COLUMNS: that is the only place to add one.
"""

from __future__ import annotations

from collections.abc import Callable

from fronde.evidence.contract import Format, Head

PUBLISHER = "USAspending.gov, U.S. Department of the Treasury"
LICENCE = "US public domain"

Columns = dict[str, tuple[str, ...]]

# What the downloads of awards have in common, in the names of today and of before.
COMMON: Columns = {
    "award": ("award_id_piid", "piid"),
    "agency": ("awarding_sub_agency_code", "awarding_subtier_agency_code"),
    "flag": ("award_or_idv_flag",),
    "unique_key": ("contract_award_unique_key", "award_unique_key"),
    "vehicle": ("parent_award_id_piid", "parent_award_id"),
    "vehicle_agency": ("parent_award_agency_id",),
    "starts": ("period_of_performance_start_date",),
    "ends": ("period_of_performance_current_end_date",),
    "current": ("current_total_value_of_award",),
    "ceiling": ("potential_total_value_of_award",),
    "buyer": ("awarding_sub_agency_name", "awarding_subtier_agency_name"),
    "buyer_id": ("awarding_sub_agency_code", "awarding_subtier_agency_code"),
    "department": ("awarding_agency_name", "awarding_toptier_agency_name"),
    "department_id": ("awarding_agency_code", "awarding_toptier_agency_code"),
    "vendor": ("recipient_name",),
    "vendor_uei": ("recipient_uei",),
    "vendor_duns": ("recipient_duns",),
    "vendor_cage": ("cage_code",),
    "vendor_country": ("recipient_country_code",),
    "parent": ("recipient_parent_name",),
    "parent_uei": ("recipient_parent_uei",),
    "parent_duns": ("recipient_parent_duns",),
    "naics": ("naics_code",),
    "psc": ("product_or_service_code",),
    "url": ("usaspending_permalink",),
    "modified": ("last_modified_date",),
}
CONSTANTS = {"currency": "USD", "buyer_scheme": "US-AGENCY"}

TRANSACTIONS: Columns = {
    **COMMON,
    "mod": ("modification_number",),
    "transaction": ("transaction_number",),
    "date": ("action_date",),
    "obligated": ("federal_action_obligation",),
    "description": ("transaction_description", "award_description"),
}
SUMMARIES: Columns = {
    **COMMON,
    "date": ("award_base_action_date",),
    "obligated_total": ("total_obligated_amount",),
    "outlayed_total": ("total_outlayed_amount",),
    "description": ("prime_award_base_transaction_description", "award_description"),
}
SUBAWARDS: Columns = {
    "award": ("prime_award_piid",),
    "agency": ("prime_award_awarding_sub_agency_code",),
    "unique_key": ("prime_award_unique_key",),
    "vehicle": ("prime_award_parent_piid",),
    "subaward": ("subaward_number",),
    "date": ("subaward_action_date",),
    "value": ("subaward_amount",),
    "buyer": ("prime_award_awarding_sub_agency_name",),
    "buyer_id": ("prime_award_awarding_sub_agency_code",),
    "department": ("prime_award_awarding_agency_name",),
    "department_id": ("prime_award_awarding_agency_code",),
    "vendor": ("subawardee_name",),
    "vendor_uei": ("subawardee_uei",),
    "vendor_duns": ("subawardee_duns",),
    "vendor_country": ("subawardee_country_code",),
    "parent": ("subawardee_parent_name",),
    "parent_uei": ("subawardee_parent_uei",),
    "parent_duns": ("subawardee_parent_duns",),
    "prime": ("prime_awardee_name",),
    "prime_uei": ("prime_awardee_uei",),
    "prime_duns": ("prime_awardee_duns",),
    "description": ("subaward_description",),
    "naics": ("prime_award_naics_code",),
    "url": ("usaspending_permalink",),
    "modified": ("subaward_fsrs_report_last_modified_date", "subaward_sam_report_last_modified_date"),
}
API: Columns = {
    "award": ("Award ID",),
    "unique_key": ("Generated Award ID",),
    "mod": ("Modification", "Mod"),
    "date": ("Action Date",),
    "obligated": ("Federal Action Obligation", "Transaction Amount"),
    "buyer": ("Agency", "Awarding Sub Agency"),
    "vendor": ("Recipient Name",),
    "description": ("Transaction Description",),
}


# The API's file has no codes; the agency in an award's key is who numbered it, which may be another one.
AGENCIES = {"ICE": "7012", "CBP": "7014"}


def _has(columns: Columns, *needed: str) -> Callable[[Head], bool]:
    """Whether a header has a name for each of these fields."""

    def recognise(head: Head) -> bool:
        return all(any(name in head.fields for name in columns[each]) for each in needed)

    return recognise


def _format(name: str, title: str, kind: str, columns: Columns, *needed: str) -> Format:
    return Format(
        name=f"usaspending-{name}",
        title=title,
        publisher=PUBLISHER,
        licence=LICENCE,
        recognise=_has(columns, *needed),
        columns=columns,
        constants={**CONSTANTS, "kind": kind},
        buyers=AGENCIES if columns is API else {},
        federal=True,
    )


FORMATS = (
    _format(
        "transactions", "USAspending: transactions of contracts", "transaction", TRANSACTIONS,
        "award", "agency", "date", "obligated", "vendor",
    ),
    _format(
        "summaries", "USAspending: award summaries", "summary", SUMMARIES,
        "award", "agency", "date", "obligated_total", "vendor",
    ),
    _format(
        "subawards", "USAspending: subawards of contracts", "subaward", SUBAWARDS,
        "award", "unique_key", "subaward", "value", "vendor",
    ),
    _format(
        "api", "USAspending: transactions from the API", "transaction", API,
        "award", "unique_key", "mod", "date", "obligated", "vendor",
    ),
)  # fmt: skip
