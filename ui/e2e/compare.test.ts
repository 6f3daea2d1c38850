// The comparison of two traces.
import { CHECKOUT, HOSTILE } from "./spans";
import { expect, test } from "./watched";

test("two traces are compared, swapped, and what differs is found", async ({ page }) => {
  await page.goto("/trace/...");
  await page.getByLabel("Id of trace A").fill(CHECKOUT);
  await page.getByLabel("Id of trace B").fill(HOSTILE);
  await page.getByRole("button", { name: "Compare" }).click();
  await expect(page).toHaveURL(new RegExp(`/trace/${CHECKOUT}\\.\\.\\.${HOSTILE}`));
  await expect(page.locator('[data-change="added"]')).toHaveCount(1);
  await expect(page.locator('[data-change="removed"]')).toHaveCount(5);
  await page.getByRole("button", { name: "Swap" }).click();
  await expect(page.locator('[data-change="removed"]')).toHaveCount(1);
  await page.getByLabel("Order").selectOption("total");
  await expect(page.locator(".list-row .name").first()).toHaveText("POST /checkout");
  await page.getByLabel("Find a path").fill("charge");
  await expect(page.locator(".list-row")).toHaveCount(1);
  await expect(page).toHaveURL(/order=total/);
  await page.reload();
  await expect(page.locator(".list-row .name")).toHaveText(["charge"]);
});

test("a trace compared with itself has no differences", async ({ page }) => {
  await page.goto(`/trace/${CHECKOUT}...${CHECKOUT}`);
  await expect(page.locator(".tools output")).toHaveText("0 of 5");
  await page.getByRole("button", { name: "Only differences" }).click();
  await expect(page.locator(".list-row")).toHaveCount(5);
});
