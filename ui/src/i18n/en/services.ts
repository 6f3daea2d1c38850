// English: the services page.
export const services = {
  "services.title": "Services",
} as const;
