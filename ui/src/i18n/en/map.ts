// English: the service map.
export const map = {
  "map.title": "Map",
} as const;
