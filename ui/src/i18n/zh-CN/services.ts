// Simplified Chinese: the services page.
import type { Translated } from "../keys";
import type { services as keys } from "../en/services";

export const services: Translated<typeof keys> = {
  "services.title": "服务",
};
