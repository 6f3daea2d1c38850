// Words that one cannot read to their end: wider than the box that shows them, which neither scrolls nor says so with dots.
import type { Page } from "@playwright/test";

/** The elements whose own text is cut off, one line each. */
export function cutOff(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    for (const element of document.querySelectorAll<HTMLElement>("body *")) {
      const hasText = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent!.trim() !== "");
      if (!hasText || !element.checkVisibility() || element.closest(".sr-only, svg, option")) continue;
      const { overflowX, textOverflow } = getComputedStyle(element);
      if (textOverflow === "ellipsis" || overflowX === "auto" || overflowX === "scroll") continue;
      const isControl = element.matches("button, th, label, summary, h1, h2, dt, nav a");
      if ((overflowX !== "visible" || isControl) && element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0) found.push(`${element.tagName} ${element.className}: ${element.textContent!.slice(0, 80)}`);
    }
    return found;
  });
}
