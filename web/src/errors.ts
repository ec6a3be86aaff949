// SPDX-License-Identifier: Apache-2.0
// The errors, grouped by whose fault it is, as in errors.py. A check that fails throws; it never returns false.
// The words that a person reads stand in the page: an error carries a slug and technical detail only.

/** slug: stable name. detail: technical, for the report of the verifier and for evidence. */
export class FrondeError extends Error {
  constructor(
    readonly slug: string,
    readonly detail = "",
  ) {
    super(detail ? `${slug}: ${detail}` : slug);
  }
}

/** A rule says no, or a check failed. */
export class Refused extends FrondeError {}

export type Evidence = Record<string, Uint8Array<ArrayBuffer>>;

/** A server broke the protocol. evidence: file name -> the bytes that show it. */
export class Breach extends Refused {
  constructor(
    slug: string,
    detail: string,
    readonly evidence: Evidence,
  ) {
    super(slug, detail);
  }
}

/** A server said no. The slug is the server's, "declined" when it sent no well-formed error. */
export class Declined extends Refused {
  constructor(
    readonly status: number,
    slug: string,
    readonly seconds: number | null,
  ) {
    super(slug, `${status}`);
  }
}

/** The bytes are not of the promised form. */
export class Unreadable extends FrondeError {}

/** Made by a newer fronde: never skipped, always refused.  # spec: 1 */
export class Newer extends Unreadable {
  constructor(what: string) {
    super("newer", what);
  }
}
