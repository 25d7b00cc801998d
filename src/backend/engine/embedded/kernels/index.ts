import "./conv2dBackpropFilter.js";
