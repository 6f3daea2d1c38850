// A long list of which only as much is in the DOM as the reader has come near to.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { RefObject } from "preact";

/** How many of `count` things are to be made, so many more whenever the element that stands for the rest comes near. */
export function useGrowing<Rest extends Element>(count: number, step: number): { drawn: number; rest: RefObject<Rest | null> | null } {
  const drawn = useSignal(step);
  const rest = useRef<Rest>(null);
  const isWhole = count <= drawn.value;
  useEffect(() => {
    if (!rest.current) return;
    const observer = new IntersectionObserver((seen) => seen.some(({ isIntersecting }) => isIntersecting) && (drawn.value += step), { rootMargin: "300px" });
    observer.observe(rest.current);
    return () => observer.disconnect();
  }, [isWhole, drawn.value]);
  return { drawn: Math.min(drawn.value, count), rest: isWhole ? null : rest };
}
