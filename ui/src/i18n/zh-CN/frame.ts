// Simplified Chinese: the frame around every page, and what all pages say.
import type { Translated } from "../keys";
import type { frame as keys } from "../en/frame";

export const frame: Translated<typeof keys> = {
  "nav.search": "搜索",
  "nav.lookup": "链路 ID",
  "nav.lookupHint": "按 ID 打开链路",
  "nav.theme": "主题",
  "nav.language": "语言",
  "theme.auto": "跟随系统",
  "theme.light": "浅色",
  "theme.dark": "深色",
  "unit.m": "{n} 分钟",
  "unit.h": "{n} 小时",
  "unit.d": "{n} 天",
  "unit.w": "{n} 周",
  "error.title": "出错了",
  "error.network": "服务器没有响应。",
  "error.retry": "重试",
  "page.notFound": "没有这个页面。",
  "page.loading": "正在加载页面",
};
