/** The bundle: draws the page it stands in, and is an anywidget module for notebooks. */

import { mountPage } from "./hosts/page";
import { render } from "./hosts/widget";

export { mountPage };
export default { render };

if (document.getElementById("cutaway-spec")) void mountPage(document);
