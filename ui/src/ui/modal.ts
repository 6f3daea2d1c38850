// A modal dialog that stands while a signal says so.
import type { Signal } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

interface Modal {
  readonly close: () => void;
  /** For the `<dialog>`. */
  readonly props: {
    readonly ref: RefObject<HTMLDialogElement | null>;
    readonly onClose: () => void;
    readonly onClick: (event: MouseEvent) => void;
  };
}

/** The dialog is open as soon as it stands, before the next key comes; Escape, a press beside it and `close` end it. */
export function useModal(isOpen: Signal<boolean>): Modal {
  const ref = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => ref.current!.showModal(), []);
  const close = () => {
    ref.current!.close(); // Gives the focus back.
    isOpen.value = false;
  };
  // The browser tells of a closed dialog later: by then it may be gone, and the next one open.
  const onClose = () => {
    if (ref.current) isOpen.value = false;
  };
  const onClick = (event: MouseEvent) => {
    if (event.target === ref.current) close();
  };
  return { close, props: { ref, onClose, onClick } };
}
