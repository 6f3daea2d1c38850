// A button that opens a small panel; a click elsewhere or Escape closes it.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

export function Menu({ label, isSet = false, kind = "", children }: { label: ComponentChildren; isSet?: boolean; kind?: string; children: ComponentChildren }) {
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const controller = new AbortController();
    const close = (event: Event) => {
      const isAway = event instanceof KeyboardEvent ? event.key === "Escape" : !menu.current?.contains(event.target as Node);
      if (isAway) menu.current?.removeAttribute("open");
    };
    for (const type of ["pointerdown", "keydown"]) addEventListener(type, close, { signal: controller.signal });
    return () => controller.abort();
  }, []);
  return (
    <details class={`menu ${kind}`} ref={menu}>
      <summary data-set={isSet || undefined}>{label}</summary>
      <div>{children}</div>
    </details>
  );
}
