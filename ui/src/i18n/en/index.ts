// English, whole: a file for each page.
import { compare } from "./compare";
import { frame } from "./frame";
import { map } from "./map";
import { search } from "./search";
import { services } from "./services";
import { trace } from "./trace";

export const en = { ...frame, ...search, ...trace, ...compare, ...map, ...services } as const;
