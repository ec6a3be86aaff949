// SPDX-License-Identifier: Apache-2.0
// A text as QR code, as the path of an SVG. Loaded only when one is drawn.

import qrcode from "qrcode-generator";

/** Modules a side, and one rectangle for each run of dark modules. */
export function path(text: string): { size: number; path: string } {
  const code = qrcode(0, "M");
  code.addData(text);
  code.make();
  const size = code.getModuleCount();
  let drawn = "";
  for (let row = 0; row < size; row++)
    for (let from = 0; from < size; from++) {
      let to = from;
      while (to < size && code.isDark(row, to)) to++;
      if (to > from) drawn += `M${from} ${row}h${to - from}v1h-${to - from}z`;
      from = to;
    }
  return { size, path: drawn };
}
