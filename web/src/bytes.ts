// SPDX-License-Identifier: Apache-2.0
// Bytes: joining, comparing, hex, base64, SHA-256. Integers are big-endian.  # spec: 1

export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

/** The UTF-8 bytes of a string. */
export const utf8 = (text: string): Bytes => encoder.encode(text);

/** The string of UTF-8 bytes; throws TypeError for anything else. A BOM is not skipped. */
export const text = (data: Bytes): string => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);

/** Joins strings (as UTF-8) and bytes. */
export function concat(...parts: (Bytes | string)[]): Bytes {
  const arrays = parts.map((part) => (typeof part === "string" ? utf8(part) : part));
  const whole = new Uint8Array(arrays.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of arrays) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const equal = (a: Bytes, b: Bytes): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** An unsigned integer in `length` bytes. */
export function uint(value: number, length: number): Bytes {
  const data = new Uint8Array(length);
  for (let i = length - 1; i >= 0; i--) {
    data[i] = value % 256;
    value = Math.floor(value / 256);
  }
  return data;
}

export const hex = (data: Bytes): string => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Bytes of an even number of hex digits. */
export const unhex = (digits: string): Bytes => Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));

/** Standard base64 with padding. */
export function base64(data: Bytes): string {
  let binary = "";
  for (let i = 0; i < data.length; i += 8192) binary += String.fromCharCode(...data.subarray(i, i + 8192));
  return btoa(binary);
}

/** Strict inverse of `base64`; null for anything that `base64` would not write. */
export function unbase64(digits: string): Bytes | null {
  try {
    const data = Uint8Array.from(atob(digits), (c) => c.charCodeAt(0));
    return base64(data) === digits ? data : null;
  } catch {
    return null;
  }
}

export const sha256 = async (data: Bytes): Promise<Bytes> => new Uint8Array(await crypto.subtle.digest("SHA-256", data));

/** `length` random bytes. */
export const random = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));
