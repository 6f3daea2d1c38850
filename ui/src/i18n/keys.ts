// What a catalogue must have. English defines the keys; a language that lacks one does not build.
import type { en } from "./en";

export type Key = keyof typeof en;

/** The same keys, in another language. */
export type Translated<Catalogue> = { readonly [Name in keyof Catalogue]: string };
