// English: the comparison of two traces.
export const compare = {
  "compare.title": "Compare",
} as const;
