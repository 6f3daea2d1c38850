// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { fromFieldText, offsetMs, offsetName, setZone, toFieldText, zone, zoneChoice, zones } from "./zone";

const at = (text: string) => Date.parse(text);

it.each([
  ["UTC", "2026-11-21T12:00:00Z", "UTC"],
  ["Asia/Shanghai", "2026-11-21T12:00:00Z", "UTC+8"],
  ["America/St_Johns", "2026-11-21T12:00:00Z", "UTC−3:30"],
  ["Europe/Berlin", "2026-07-01T12:00:00Z", "UTC+2"],
  ["Europe/Berlin", "2026-12-01T12:00:00Z", "UTC+1"],
])("knows how far %s is from UTC at %s", (name, instant, written) => expect(offsetName(at(instant), name)).toBe(written));

it("writes and reads a date field in any zone, through a change of the clock", () => {
  for (const name of ["UTC", "Asia/Kolkata", "Europe/Berlin", "America/New_York"]) {
    for (let hour = 0; hour < 72; hour++) {
      const us = (at("2026-10-24T00:00:00Z") + hour * 3_600_000) * 1000;
      const text = toFieldText(us, name);
      const read = fromFieldText(text, name)!;
      expect(toFieldText(read, name), `${name} ${text}`).toBe(text);
    }
  }
  expect(fromFieldText("soon", "UTC")).toBeNull();
});

it("is right about times before 1970 and between seconds", () => {
  expect(offsetMs(-1500, "UTC")).toBe(0);
  expect(toFieldText(1_500_000, "UTC")).toBe("1970-01-01T00:00:01");
});

it("takes only zones that there are", () => {
  expect(setZone("Asia/Tokyo")).toBe(true);
  expect(zone.value).toBe("Asia/Tokyo");
  expect(setZone("Mars/Olympus")).toBe(false);
  expect(zoneChoice.value).toBe("Asia/Tokyo");
  expect(setZone("local")).toBe(true);
  expect(zones().slice(0, 1)).toEqual(["UTC"]);
});
