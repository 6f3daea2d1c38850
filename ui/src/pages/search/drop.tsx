// Files that are dropped on the page, or chosen, become traces to look at. Nothing of them is stored.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { ApiError } from "../../api/client";
import { upload } from "../../api/uploads";
import { t } from "../../i18n";
import { go, place } from "../../url/router";
import { withView } from "../../url/view";

export function Drop() {
  const hovering = useSignal(false);
  const failure = useSignal("");
  const busy = useSignal(false);
  const input = useRef<HTMLInputElement>(null);
  const take = async (files: FileList | null) => {
    if (!files?.length) return;
    busy.value = true;
    failure.value = "";
    const ids: string[] = [];
    for (const file of files) {
      try {
        ids.push((await upload(file)).uploadId);
      } catch (error) {
        failure.value = t("search.upload.failed", { name: file.name, why: error instanceof ApiError ? error.message : String(error) });
      }
    }
    busy.value = false;
    if (ids.length) go("/search", withView(place.peek().params, { upload: ids, live: false }));
  };
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      hovering.value = true;
    };
    const leave = (event: DragEvent) => {
      if (!event.relatedTarget) hovering.value = false;
    };
    const drop = (event: DragEvent) => {
      hovering.value = false;
      if (!event.dataTransfer?.files.length) return;
      event.preventDefault();
      void take(event.dataTransfer.files);
    };
    addEventListener("dragover", over);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, []);
  return (
    <div class="drop">
      <button type="button" disabled={busy.value} onClick={() => input.current?.click()} title={t("search.upload.hint")}>
        {busy.value ? t("search.upload.busy") : t("search.upload")}
      </button>
      <input ref={input} type="file" accept=".json,.jsonl,application/json" multiple hidden aria-label={t("search.upload")} onChange={(event) => void take(event.currentTarget.files)} />
      {failure.value && (
        <p class="mistake" role="alert">
          {failure.value}
        </p>
      )}
      {hovering.value && (
        <div class="drop-here">
          <p>{t("search.upload.here")}</p>
        </div>
      )}
    </div>
  );
}
