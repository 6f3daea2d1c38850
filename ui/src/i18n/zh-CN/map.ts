// Simplified Chinese: the service map.
import type { Translated } from "../keys";
import type { map as keys } from "../en/map";

export const map: Translated<typeof keys> = {
  "map.title": "拓扑",
  "map.graph": "调用关系",
  "map.table": "调用关系表",
  "map.loading": "正在绘制拓扑",
  "map.nothing": "这段时间内没有调用。",
  "map.counts": "{services} 个服务，{edges} 条连接",
  "map.hidden": "未显示 {n} 个服务",
  "map.focus": "以服务为中心",
  "map.depth": "层数",
  "map.percentile": "连线上的延迟",
  "map.find": "查找服务",
  "map.refresh": "刷新",
  "map.closer": "放大",
  "map.further": "缩小",
  "map.whole": "全图",
  "map.calls": "{n} 次调用",
  "map.spans": "{n} 个 span",
  "map.errors": "{n} 个错误",
  "map.traces": "查看这些调用的链路",
  "map.column.parent": "调用方",
  "map.column.child": "被调用方",
  "map.column.callCount": "调用次数",
  "map.column.errorCount": "错误数",
  "map.column.errorShare": "错误率",
  "map.column.p50Nano": "p50",
  "map.column.p95Nano": "p95",
  "map.column.p99Nano": "p99",
};
