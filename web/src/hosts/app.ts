/** The bundle of `cutaway serve`: the app in the page that the server gives for every path. */

import { Shell } from "./app/shell";

document.body.style.margin = "0";
new Shell(document.body);
