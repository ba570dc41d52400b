/** The entry of the console. */

import { render } from "preact";
import { Shell } from "./shell.tsx";
import { applyTheme } from "./theme.ts";

applyTheme();
const root = document.getElementById("console");
if (root) render(<Shell />, root);
