// SPDX-License-Identifier: Apache-2.0
// Requests to the server this page came from: no cookie, no cache, no redirect, every answer capped.  # spec: 15

import { type Bytes, concat } from "./bytes.ts";
import { decode, type Dict, encode } from "./canonical.ts";
import { Declined, FrondeError, Unreadable } from "./errors.ts";
import * as form from "./form.ts";

/** The most that an answer may have, in bytes. A bundle holds at most 256 entries of 65,535 and their lengths. */
const SMALL = 256 * 1024;
const BUNDLE = 256 * (2 + 65_535);
const LARGE = 32 * 1024 * 1024;

const ERROR = form.document("error", { id: form.slug, message: form.string(500), hint: form.string(500, { empty: true }) });

/** What the client asks of a server: bytes for a path, bytes for a posted document. */
export interface Server {
  get(path: string): Promise<Bytes>;
  post(path: string, body: Dict): Promise<Bytes>;
}

const OPTIONS: RequestInit = { credentials: "omit", cache: "no-store", redirect: "error", referrerPolicy: "no-referrer" };

/** The server this page came from; another fetch for tests. */
export class Http implements Server {
  constructor(
    private readonly base: string,
    private readonly fetch: (url: string, options: RequestInit) => Promise<Response>,
  ) {}

  get(path: string): Promise<Bytes> {
    return this.send(path, OPTIONS, path.includes("/tile/entries/") ? BUNDLE : path.endsWith("/heads.json") ? LARGE : SMALL);
  }

  post(path: string, body: Dict): Promise<Bytes> {
    const headers = { "Content-Type": "application/json" };
    return this.send(path, { ...OPTIONS, method: "POST", headers, body: encode(body) }, SMALL);
  }

  private async send(path: string, options: RequestInit, most: number): Promise<Bytes> {
    let response: Response;
    let data: Bytes;
    try {
      response = await this.fetch(this.base + path, options);
      data = await read(response, most);
    } catch (error) {
      if (error instanceof FrondeError) throw error;
      throw new FrondeError("network", path); // no answer, half of one, or a redirect
    }
    if (response.status !== 200) throw declined(response, data);
    return data;
  }
}

async function read(response: Response, most: number): Promise<Bytes> {
  const parts: Bytes[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader!.read()) {
    parts.push(part.value as Bytes);
    length += part.value.length;
    if (length > most) throw new Unreadable("too-large", response.url);
  }
  return concat(...parts);
}

function declined(response: Response, data: Bytes): Declined {
  const after = response.headers.get("Retry-After") ?? "";
  const seconds = /^[0-9]{1,6}$/.test(after) ? Number(after) : null;
  try {
    const body = decode(data) as Dict;
    ERROR(body, "");
    return new Declined(response.status, body.id as string, seconds);
  } catch {
    return new Declined(response.status, "declined", seconds); // what is not of the form names nothing
  }
}
