import "./dashboard.css";
import { Dashboard } from "./dashboard.js";

new Dashboard(document.body);
