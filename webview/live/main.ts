import "./live.css";
import { LiveView } from "./liveView.js";

new LiveView(document.body);
