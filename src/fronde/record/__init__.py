# SPDX-License-Identifier: Apache-2.0
"""The record: the nouns of c2sp.org, and the rules of the instance log.

tree            Merkle trees of RFC 6962
tiles           how a tree and its entries lie in files (tlog-tiles)
note            text signed by a key (signed-note)
checkpoint      the signed head of a tree (tlog-checkpoint)
cosignature     a witness's line under a checkpoint (tlog-cosignature v1)
entry           what stands in a log: forms, builders, the two hashes that hide
instance        the instance log replayed: slots, bindings, heads
heads           the heads of one letter opened
log             a whole log read and checked
tlogproof       one entry's proof in a file (tlog-proof)

Nothing here knows a clock, a random number, a file or a network.
"""
