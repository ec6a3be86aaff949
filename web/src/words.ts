// SPDX-License-Identifier: Apache-2.0
// The seed as twelve words: BIP-39's entropy and checksum, never its PBKDF2 output. Loaded only where they are shown
// or typed. As words.py.  # spec: 4

import { entropyToMnemonic, mnemonicToEntropy } from "@scure/bip39";
import { wordlist as english } from "@scure/bip39/wordlists/english.js";
import { wordlist as french } from "@scure/bip39/wordlists/french.js";
import type { Bytes } from "./bytes.ts";

/** The twelve words of a seed of 16 bytes, in French for lang "fr", else in English. */
export function write(seed: Bytes, lang: string): string[] {
  return entropyToMnemonic(seed, lang === "fr" ? french : english).normalize("NFC").split(/[ \u3000]/);
}

/** The seed of twelve words in either language; accents and capitals may be missing. null when they are not. */
export function read(typed: string): Bytes | null {
  const words = typed.split(/\s+/).filter(Boolean).map(plain);
  for (const list of words.length === 12 ? [english, french] : []) {
    const spelling = new Map(list.map((word) => [plain(word), word]));
    const phrase = words.map((word) => spelling.get(word) ?? "").join(" ");
    try {
      return Uint8Array.from(mnemonicToEntropy(phrase, list));
    } catch {
      continue; // not of this list, or the checksum is wrong
    }
  }
  return null;
}

const plain = (word: string): string => word.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");
