// A button that copies a text and says that it did.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { t } from "../../i18n";
import { Icon, type IconName } from "./icon";

export function Copy({ text, label, icon = "copy", children }: { text: string | (() => string); label: string; icon?: IconName; children?: ComponentChildren }) {
  const copied = useSignal(false);
  const copy = async (event: MouseEvent) => {
    event.stopPropagation(); // Of a row it would choose the row.
    await navigator.clipboard.writeText(typeof text === "string" ? text : text());
    copied.value = true;
    setTimeout(() => (copied.value = false), 1500);
  };
  return (
    <button class="plain copy" title={copied.value ? t("trace.copied") : label} aria-label={label} onClick={copy}>
      <Icon name={copied.value ? "done" : icon} />
      {children}
    </button>
  );
}
