import type { ReportHeader } from "../spec/report";
import { pageView } from "./page";
import { ReportPage } from "./report/page";

/** A report: the text, an account of one of its tokens, and every lens, all with one selection. */
export const reportView = pageView<ReportHeader>((spec, host) => new ReportPage(spec, host));
