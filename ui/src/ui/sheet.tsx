// The sheet of keys, made from the table that the keys themselves come from.
import { signal } from "@preact/signals";
import { t } from "../i18n";
import { groups } from "./keys";
import { useModal } from "./modal";

const isOpen = signal(false);
const NAMES: Readonly<Record<string, string>> = { ArrowDown: "↓", ArrowUp: "↑", ArrowLeft: "←", ArrowRight: "→", " ": "Space", Escape: "Esc", Enter: "↵" };

export function openSheet(): void {
  isOpen.value = true;
}

export function Sheet() {
  return isOpen.value ? <Open /> : null;
}

function Open() {
  const { close, props } = useModal(isOpen);
  return (
    <dialog {...props} class="sheet" aria-label={t("keys.sheet")}>
      <header>
        <h2>{t("keys.sheet")}</h2>
        <button onClick={close} aria-label={t("keys.close")}>
          ×
        </button>
      </header>
      <div class="groups">
        {groups.value.toReversed().map(({ title, shortcuts }) => (
          <section key={title}>
            <h3>{t(title)}</h3>
            <dl>
              {shortcuts.map(({ keys, label }) => (
                <div key={label} class="contents">
                  <dt>{t(label)}</dt>
                  <dd>
                    {keys.map((key) => (
                      <span key={key}>
                        <kbd>{written(key)}</kbd>{" "}
                      </span>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </dialog>
  );
}

function written(key: string): string {
  const [last, ...held] = key.split("+").toReversed();
  const name = NAMES[last!] ?? (held.length ? last!.toUpperCase() : last!);
  return [...held.toReversed(), name].join(" ");
}
