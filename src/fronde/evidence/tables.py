# SPDX-License-Identifier: Apache-2.0
"""The tables of evidence.duckdb. Ids are integers from 1; facts lie sorted by (buyer, vendor) to be fast.

Two measures or two currencies are never added. `amount` is never added at all. `customer` is our own list: it
never gets into an export, a citation, a proof, an API or a log, and its names are in no other table.
"""

from __future__ import annotations

VERSION = 1  # of these tables and of the staged files; another one means: rebuild

DDL = """
CREATE TABLE source (id INTEGER, sha256 VARCHAR, member VARCHAR, name VARCHAR, format VARCHAR,
    publisher VARCHAR, url VARCHAR, retrieved DATE, licence VARCHAR, read BIGINT, kept BIGINT,
    duplicate BIGINT, rejected BIGINT, warnings VARCHAR[]);
CREATE TABLE party (id INTEGER, handle VARCHAR, name VARCHAR, key VARCHAR, country VARCHAR);
CREATE TABLE party_id (scheme VARCHAR, value VARCHAR, party INTEGER);
CREATE TABLE party_name (party INTEGER, name VARCHAR, key VARCHAR);
CREATE TABLE ownership (child INTEGER, parent INTEGER, first DATE, last DATE, source INTEGER, row BIGINT);
CREATE TABLE award (id INTEGER, key VARCHAR, number VARCHAR, agency VARCHAR, buyer INTEGER, vendor INTEGER,
    vehicle VARCHAR, first DATE, last DATE, currency VARCHAR, url VARCHAR, naics VARCHAR, psc VARCHAR,
    cpv VARCHAR, starts DATE, ends DATE);
CREATE TABLE fact (buyer INTEGER, vendor INTEGER, year SMALLINT, date DATE, award INTEGER,
    mod VARCHAR, measure VARCHAR, cents BIGINT, currency VARCHAR, parent INTEGER, descr INTEGER,
    source INTEGER, row BIGINT);
CREATE TABLE amount (award INTEGER, vendor INTEGER, measure VARCHAR, cents BIGINT, currency VARCHAR,
    date DATE, descr INTEGER, source INTEGER, row BIGINT);
CREATE TABLE subaward (award INTEGER, prime INTEGER, sub INTEGER, number VARCHAR, year SMALLINT, date DATE,
    cents BIGINT, currency VARCHAR, descr INTEGER, source INTEGER, row BIGINT);
CREATE TABLE customer (party INTEGER, name VARCHAR, source INTEGER, row BIGINT);
CREATE TABLE descr (id INTEGER, text VARCHAR);
CREATE TABLE term (id INTEGER, word VARCHAR);
CREATE TABLE posting (term INTEGER, descr INTEGER);
CREATE TABLE reject (source INTEGER, row BIGINT, "column" VARCHAR, why VARCHAR, raw VARCHAR);
CREATE TABLE meta (name VARCHAR, value VARCHAR);
CREATE MACRO words(t) AS list_distinct(list_filter(
    regexp_split_to_array(lower(strip_accents(t)), '[^\\p{L}\\p{N}]+'), lambda w: w <> ''));
"""
