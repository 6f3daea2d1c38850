// What a search text means: a tree of conditions, and the same tree as the server's predicate (docs/specs/predicate-json.md).

export const OPERATORS = ["=", "!=", "<", "<=", ">", ">=", "in", "~", "contains", "exists"] as const;
export type Operator = (typeof OPERATORS)[number];

export const SCOPES = ["span", "resource", "scope", "event", "link", "any"] as const;
export type Scope = (typeof SCOPES)[number];

/** A value as it was typed: in quotes it is text for certain. */
export interface Value {
  readonly text: string;
  readonly quoted: boolean;
}

/** A comparison; `scope` is set when it was written, as in `resource:host.name`. */
export interface Comparison {
  readonly kind: "comparison";
  readonly subject: string;
  readonly scope: Scope | null;
  readonly operator: Operator;
  readonly values: readonly Value[];
}

export type Condition =
  | Comparison
  | { readonly kind: "and" | "or"; readonly terms: readonly Condition[] }
  | { readonly kind: "not"; readonly term: Condition }
  /** Written in braces: all of it holds for one span, whatever stands around it. */
  | { readonly kind: "span"; readonly term: Condition };

export type Predicate =
  | { op: "and" | "or"; terms: Predicate[] }
  | { op: "not"; term: Predicate }
  | { op: "any_span"; where: Predicate }
  | { op: "compare"; field?: string; attribute?: string; scope?: Scope; cmp: string; value: unknown }
  | { op: "compare_trace"; field: string; cmp: string; value: unknown };

/** Fields of a span by the names that people use, with the server's. */
export const SPAN_FIELDS: Readonly<Record<string, string>> = {
  service: "service",
  name: "name",
  operation: "name",
  kind: "kind",
  status: "status",
  "status.message": "status_message",
  duration: "duration",
  "span.id": "span_id",
  "parent.id": "parent_span_id",
  "event.name": "event_name",
  "scope.name": "scope_name",
  "scope.version": "scope_version",
};

/** Fields of a whole trace. */
export const TRACE_FIELDS: Readonly<Record<string, string>> = {
  "trace.duration": "duration",
  "trace.spans": "span_count",
  "trace.errors": "error_count",
  "trace.services": "service_count",
  "root.service": "root_service",
  "root.name": "root_name",
};

export const EVERYTHING: Condition = { kind: "and", terms: [] };
