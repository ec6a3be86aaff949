# SPDX-License-Identifier: Apache-2.0
"""Invented contracts, as DECP tells them: JSON of 2019, of 2022, and the table."""

from __future__ import annotations

import json
from typing import Any

BUYER = "21590163800019"
ONE, TWO = "55204599900869", "44505049500024"
TWO_AGAIN = "44505049500032"  # another establishment of the same company


def holder(siret: str = ONE, name: str = "Une Entreprise") -> dict[str, str]:
    return {"id": siret, "typeIdentifiant": "SIRET", "denominationSociale": name}


def contract(**more: Any) -> dict[str, Any]:
    return {
        "id": "2024-017",
        "acheteur": {"id": BUYER, "nom": "Ville d'Essai"},
        "nature": "Marché",
        "objet": "Entretien des arbres",
        "codeCPV": "77211500",
        "lieuExecution": {"code": "59170", "typeCode": "Code postal", "nom ": "Croix"},
        "dateNotification": "2024-05-15",
        "datePublicationDonnees": "2024-05-25",
        "montant": "31367.57",
        "titulaires": [holder()],
        "modifications": [],
        **more,
    }


def of_2019(*contracts: dict[str, Any]) -> str:
    return json.dumps({"marches": list(contracts)})


def of_2022(*contracts: dict[str, Any]) -> str:
    """The same contracts as the schema of 2022 nests them; it has no names."""
    nested = [
        {
            **each,
            "acheteur": {"id": each["acheteur"]["id"]},
            "titulaires": [
                {"titulaire": {k: v for k, v in one.items() if k != "denominationSociale"}}
                for one in each["titulaires"]
            ],
            "modifications": [{"modification": one} for one in each["modifications"]],
        }
        for each in contracts
    ]
    return json.dumps({"marches": {"marche": nested}})


HEADER = (
    "uid,id,acheteur_id,acheteur_nom,nature,objet,montant,codeCPV,techniques,idAccordCadre,dateNotification,"
    "datePublicationDonnees,titulaire_id,titulaire_typeIdentifiant,titulaire_nom,modification_id,donneesActuelles"
)


def line(
    siret: str = ONE, name: str = "Une Entreprise", amount: str = "31367.57", change: str = "0", **more: str
) -> str:
    day = more.get("day", "2024-05-15")
    nature, matter = more.get("nature", "Marché"), more.get("objet", "Entretien des arbres")
    return (
        f"{BUYER}2024-017,2024-017,{BUYER},Ville d'Essai,{nature},{matter},{amount},77211500,,,{day},"
        "2024-05-25,"
        f"{siret},SIRET,{name},{change},true"
    )


def table(*lines: str) -> str:
    return "\n".join([HEADER, *lines]) + "\n"
