// Two traces side by side.
import type { PageProps } from "../../routes";
import { t } from "../../i18n";
import { Notice } from "../../ui/notice";

export default function ComparePage({ parts }: PageProps) {
  return <Notice title={t("compare.title")} cure={`${parts["a"]} … ${parts["b"]}`} />;
}
