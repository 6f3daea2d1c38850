// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { holeAt } from "./complete";

// The caret is where the bar stands.
it.each([
  ["|", "subject", "", ""],
  ["ser|", "subject", "ser", ""],
  ["service |", "operator", "", "service"],
  ["service =|", "value", "", "service"],
  ["service = ca|", "value", "ca", "service"],
  ["service = cart |", "joiner", "", "service"],
  ["service = cart an|", "joiner", "an", "service"],
  ["service = cart and |", "subject", "", "service"],
  ["not |", "subject", "", ""],
  ["(|", "subject", "", ""],
  ["{ resource:host.name = |", "value", "", "host.name"],
  ["a in (|", "value", "", "a"],
  ["a in (b, |", "value", "", "a"],
  ["a in (b, c) |", "joiner", "", "a"],
  ["a exists |", "joiner", "", "a"],
  ['a = "b c" and d|', "subject", "d", "a"],
])("%s", (marked, kind, prefix, subject) => {
  const caret = marked.indexOf("|");
  const hole = holeAt(marked.replace("|", ""), caret);
  expect(hole).toMatchObject({ kind, prefix });
  if (kind === "value" || kind === "operator") expect(hole.subject).toBe(subject);
});

it("replaces the whole word that the caret is in, and knows the service", () => {
  expect(holeAt("service = cart and name = checkout", 28)).toMatchObject({ kind: "value", subject: "name", from: 26, to: 34, service: "cart" });
});
